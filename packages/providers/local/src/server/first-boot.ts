import type { ServerSpec } from '@provisioning/extensions-sdk';

/**
 * What makes an image this server: who may log in, the time zone. Laid into the container before its first start as a
 * tar, so nothing has to run inside for it.
 */
export async function firstBootArchive(
  spec: Pick<ServerSpec, 'ssh_public_keys' | 'time_zone' | 'user'>,
): Promise<Buffer> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  const keys = spec.ssh_public_keys.map((key) => `${key.trim()}\n`).join('');
  tar.entry({ name: 'root/.ssh', type: 'directory', mode: 0o700 });
  tar.entry({ name: 'root/.ssh/authorized_keys', mode: 0o600 }, keys);
  const zone = spec.time_zone || 'UTC';
  tar.entry({ name: 'etc/timezone', mode: 0o644 }, `${zone}\n`);
  tar.entry({ name: 'etc/localtime', type: 'symlink', linkname: `/usr/share/zoneinfo/${zone}` });
  const user = spec.user;
  if (user !== undefined && user !== 'root') {
    // systemd makes the user and the home folder at boot; sshd reads keys of this folder for every user.
    tar.entry(
      { name: 'etc/sysusers.d/provisioning.conf', mode: 0o644 },
      `u ${user} - "${user}" /home/${user} /bin/bash\n`,
    );
    tar.entry(
      { name: 'etc/tmpfiles.d/provisioning.conf', mode: 0o644 },
      `d /home/${user} 0755 ${user} ${user} -\n`,
    );
    tar.entry({ name: `etc/ssh/authorized_keys.d/${user}`, mode: 0o644 }, keys);
    tar.entry({ name: `etc/sudoers.d/90-provisioning`, mode: 0o440 }, `${user} ALL=(ALL) NOPASSWD:ALL\n`);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
