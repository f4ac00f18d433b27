import { boolean, string } from '@oclif/core/flags';

/* Options that several commands about extensions have. */

export const kindFlag = { type: string({ description: 'provider, taskserv or cluster' }) };

export const refreshFlag = { refresh: boolean({ description: 'read every manifest again' }) };

export const unusableFlag = {
  all: boolean({ description: 'also those that can not be used, with the reason' }),
};

export const signatureFlag = {
  'verify-signature': boolean({ description: 'refuse what has no valid signature' }),
};
