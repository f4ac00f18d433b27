[Unit]
Description=%display_name%

[Service]
DynamicUser=yes
ExecStart={{config.command}}
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
