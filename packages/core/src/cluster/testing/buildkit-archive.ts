import { gzipSync } from 'node:zlib';
import { packBundle } from '../../taskserv/bundle.ts';

/** An archive of the shape of BuildKit's: a daemon that listens, and a client. */
export async function buildkitArchive(): Promise<Buffer> {
  const daemon = `#!/usr/bin/perl
use IO::Socket::INET;
my $s = IO::Socket::INET->new(LocalPort => 1234, Listen => 5, ReuseAddr => 1) or die $!;
while (my $c = $s->accept) { close $c; }
`;
  const client = '#!/bin/sh\necho buildctl\n';
  return gzipSync(
    await packBundle([
      { name: 'bin/buildkitd', content: daemon, mode: 0o755 },
      { name: 'bin/buildctl', content: client, mode: 0o755 },
    ]),
  );
}
