[Unit]
Description=%display_name%
After=network-online.target
Wants=network-online.target

[Service]
User=%name%
WorkingDirectory=/var/lib/%name%
ExecStart={{config.command}} {{config.port}}
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
