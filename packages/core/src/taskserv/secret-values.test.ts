import { expect, test } from '@jest/globals';
import { withoutSecrets, withSecrets } from './secret-values.ts';

const schema = {
  type: 'object',
  properties: {
    port: { type: 'integer' },
    password: { type: 'string', format: 'secret' },
    users: {
      type: 'array',
      items: { type: 'object', properties: { name: {}, password: { type: 'string', format: 'secret' } } },
    },
  },
};

test('a remembered configuration holds no secret, and gets the present ones back', () => {
  const before = {
    port: 1,
    password: 'pw-one',
    API_TOKEN: 'pw-two',
    users: [
      { name: 'a', password: 'pw-three' },
      { name: 'b', password: 'pw-four' },
    ],
  };
  const kept = withoutSecrets(schema, before);
  expect(JSON.stringify(kept)).not.toContain('pw-');
  const present = {
    port: 2,
    password: 'new-one',
    users: [{ name: 'b', password: 'new-four' }],
  };
  expect(withSecrets(JSON.parse(JSON.stringify(kept)), present)).toEqual({
    port: 1,
    password: 'new-one',
    users: [{ name: 'a' }, { name: 'b', password: 'new-four' }],
  });
  expect(withSecrets(kept, before)).toEqual(before);
});
