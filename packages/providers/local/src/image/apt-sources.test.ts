import { expect, test } from '@jest/globals';
import { findMirror, parseLines, parseStanzas } from './apt-sources.ts';

const stanzas = `# written by the installer
Types: deb deb-src
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: https://other.example/repo
Suites: nodistro
Components: main

Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

test('both formats of apt sources say the same', () => {
  const lines = parseLines(`
# deb http://commented.example/debian bookworm main
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg arch=amd64] http://mirror.example/debian bookworm main contrib
deb-src http://mirror.example/debian bookworm main
deb http://mirror.example/debian-security bookworm-security main # security
`);
  expect(lines).toEqual([
    {
      uri: 'http://mirror.example/debian',
      suite: 'bookworm',
      components: ['main', 'contrib'],
      keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
    },
    { uri: 'http://mirror.example/debian-security', suite: 'bookworm-security', components: ['main'] },
  ]);
  const parsed = parseStanzas(stanzas);
  expect(parsed).toHaveLength(4);
  expect(parsed[0]).toEqual(lines[0]);
});

test("the machine's mirror serves its own suite and any other of the distribution", () => {
  const sources = parseStanzas(stanzas);
  expect(findMirror(sources)).toEqual({
    distribution: 'debian',
    suite: 'bookworm',
    uri: 'http://mirror.example/debian',
    keyring: '/usr/share/keyrings/debian-archive-keyring.gpg',
    components: ['main', 'contrib'],
    lines: [
      'deb http://mirror.example/debian bookworm main contrib',
      'deb http://mirror.example/debian bookworm-updates main contrib',
      'deb http://mirror.example/debian-security bookworm-security main',
    ],
  });
  expect(findMirror(sources, 'trixie')).toMatchObject({
    suite: 'trixie',
    lines: expect.arrayContaining(['deb http://mirror.example/debian-security trixie-security main']),
  });
  expect(findMirror(sources, 'jammy')).toBeUndefined();
  expect(findMirror(parseLines('deb file:/srv/mirror bookworm main'))).toBeUndefined();
});
