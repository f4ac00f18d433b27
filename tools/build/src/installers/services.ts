/** A service of the platform as an init system starts it (11 §4). */
export interface ServiceUnit {
  /** `orchestrator`. */
  readonly name: string;
  /** Path of its program. */
  readonly program: string;
}

const title = (name: string): string => `Provisioning ${name.replaceAll('-', ' ')}`;
const dataVariable = (name: string): string => `${name.toUpperCase().replaceAll('-', '_')}_DATA_DIR`;

/** Name of a service with the init systems. */
export const unitName = (name: string): string => `provisioning-${name}`;

/** `provisioning-<name>.service` of systemd, for the system: a user of its own, state below `/var/lib`. */
export function systemdUnit({ name, program }: ServiceUnit): string {
  return `[Unit]
Description=${title(name)}
After=network-online.target
Wants=network-online.target

[Service]
ExecStart=${program}
Restart=on-failure
RestartSec=5
TimeoutStopSec=60
DynamicUser=yes
StateDirectory=provisioning/${name}
Environment=${dataVariable(name)}=/var/lib/provisioning/${name}
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
`;
}

/** `com.provisioning.provisioning-<name>.plist` of launchd. */
export function launchdPlist({ name, program }: ServiceUnit): string {
  const label = `com.provisioning.${unitName(name)}`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
    <string>${program}</string>
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>${dataVariable(name)}</key>
    <string>/usr/local/var/provisioning/${name}</string>
  </dict>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
</dict>
</plist>
`;
}

/** A script of FreeBSD's rc. */
export function rcScript({ name, program }: ServiceUnit): string {
  const variable = unitName(name).replaceAll('-', '_');
  return `#!/bin/sh
# PROVIDE: ${variable}
# REQUIRE: NETWORKING
# KEYWORD: shutdown

. /etc/rc.subr

name=${variable}
rcvar=${variable}_enable
load_rc_config $name
: \${${variable}_enable:=NO}
: \${${variable}_user:=nobody}

pidfile=/var/run/${unitName(name)}.pid
command=/usr/sbin/daemon
command_args="-f -r -P $pidfile -u $${variable}_user ${program}"
export ${dataVariable(name)}=/var/db/provisioning/${name}

run_rc_command "$1"
`;
}
