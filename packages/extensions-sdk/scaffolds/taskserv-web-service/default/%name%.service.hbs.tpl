[Unit]
Description=%display_name%
After=network-online.target
Wants=network-online.target

[Service]
DynamicUser=yes
WorkingDirectory=/var/lib/%name%
ExecStart={{config.command}} {{config.port}}
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
