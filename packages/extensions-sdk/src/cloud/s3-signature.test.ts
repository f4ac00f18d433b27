import { expect, test } from '@jest/globals';
import { Secret } from '../secret.ts';
import { signS3 } from './s3-signature.ts';

/** The examples that AWS publishes for Signature Version 4 of S3. */
const keys = {
  access: new Secret('AKIAIOSFODNN7EXAMPLE'),
  secret: new Secret('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'),
};
const now = Date.UTC(2013, 4, 24);

test.each([
  ['?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  ['?prefix=J&max-keys=2', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
])('a request to S3 is signed as AWS signs its example %s', (query, signature) => {
  const url = new URL(`https://examplebucket.s3.amazonaws.com/${query}`);
  const headers = signS3({ method: 'GET', url }, keys, 'us-east-1', now);
  expect(headers).toEqual({
    'x-amz-date': '20130524T000000Z',
    'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;x-amz-content-sha256;x-amz-date,Signature=${signature}`,
  });
});
