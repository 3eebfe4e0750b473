/** The settings of an S3 store: which of several wins, and what is refused before anything is tried. */

import { describe, expect, it } from 'vitest';

import { parsePlace, s3Settings } from '../../src/objects/s3/s3Settings.ts';
import { Failure } from '../../src/outcome/failure.ts';

const OWN = {
  OBJECT_STORAGE_S3_ACCESS_KEY_ID: 'own',
  OBJECT_STORAGE_S3_SECRET_ACCESS_KEY: 'own secret',
};
const AWS = {
  AWS_ACCESS_KEY_ID: 'aws',
  AWS_SECRET_ACCESS_KEY: 'aws secret',
  AWS_SESSION_TOKEN: 'token',
  AWS_REGION: 'eu-west-1',
};

describe('the place', () => {
  it.each([
    ['//bucket', 'bucket', ''],
    ['//bucket/', 'bucket', ''],
    ['//bucket/a/b/', 'bucket', 'a/b/'],
    ['//my.bucket-1/a', 'my.bucket-1', 'a/'],
    ['', null, ''],
    ['//', null, ''],
  ])('of s3:%s', (rest, bucket, prefix) => {
    expect(parsePlace(rest)).toEqual({ bucket, prefix });
  });

  it.each([
    'bucket',
    '///a',
    '//b ucket',
    '//bucket/a//b',
    '//bucket/../b',
    '//u:p@bucket',
    '//b?x',
  ])('is not s3:%s', (rest) => {
    expect(() => parsePlace(rest)).toThrow(Failure);
  });
});

describe('the settings', () => {
  const place = { bucket: 'bucket', prefix: 'a/' };

  it('are those of AWS where no others are given', () => {
    expect(s3Settings(place, AWS)).toEqual({
      ...place,
      endpoint: null,
      region: 'eu-west-1',
      forcePathStyle: false,
      credentials: { accessKeyId: 'aws', secretAccessKey: 'aws secret', sessionToken: 'token' },
    });
    expect(s3Settings(place, {})).toMatchObject({ region: null, credentials: null });
  });

  it('are those of Sealift where both are given, and never half of each', () => {
    const settings = s3Settings(place, {
      ...AWS,
      ...OWN,
      OBJECT_STORAGE_S3_REGION: 'here',
      OBJECT_STORAGE_S3_ENDPOINT: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:2',
    });
    expect(settings).toMatchObject({
      endpoint: 'http://127.0.0.1:1',
      region: 'here',
      forcePathStyle: true,
      credentials: { accessKeyId: 'own', secretAccessKey: 'own secret' },
    });
    expect(settings.credentials?.sessionToken).toBeUndefined();
  });

  it('leave the credentials to a profile of AWS that is named', () => {
    expect(s3Settings(place, { ...AWS, AWS_PROFILE: 'p' }).credentials).toBeNull();
  });

  it('take the bucket of the environment where the URL names none', () => {
    const none = { bucket: null, prefix: '' };
    const variables = { OBJECT_STORAGE_S3_BUCKET: 'theirs', OBJECT_STORAGE_S3_PREFIX: 'p/q' };
    expect(s3Settings(none, variables)).toMatchObject({ bucket: 'theirs', prefix: 'p/q/' });
    expect(s3Settings(place, variables)).toMatchObject(place);
    expect(() => s3Settings(none, {})).toThrow(Failure);
    expect(() => s3Settings(none, { ...variables, OBJECT_STORAGE_PROVIDER: 'disk' })).toThrow(
      Failure,
    );
  });

  it('have no region of their own only on AWS', () => {
    expect(s3Settings(place, { AWS_ENDPOINT_URL: 'http://h' }).region).toBe('us-east-1');
    const aws = { AWS_ENDPOINT_URL: 'https://s3.eu-west-1.amazonaws.com' };
    expect(s3Settings(place, aws)).toMatchObject({ region: null, forcePathStyle: false });
  });

  it.each([
    { OBJECT_STORAGE_S3_ENDPOINT: 'localhost:9000' },
    { OBJECT_STORAGE_S3_ENDPOINT: 'http://u:p@h' },
    { OBJECT_STORAGE_S3_FORCE_PATH_STYLE: 'perhaps' },
    { OBJECT_STORAGE_S3_ACCESS_KEY_ID: 'half' },
    { AWS_SECRET_ACCESS_KEY: 'half' },
  ])('are refused: %o', (variables) => {
    const error = (() => {
      try {
        return s3Settings(place, variables);
      } catch (reason) {
        return reason;
      }
    })();
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).code).toBe('USAGE');
    // No secret in a message.
    expect((error as Failure).line()).not.toContain('half');
  });
});
