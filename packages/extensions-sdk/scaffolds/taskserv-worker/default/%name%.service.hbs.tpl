[Unit]
Description=%display_name%

[Service]
User=%name%
ExecStart={{config.command}}
Restart=on-failure
RestartSec=2

[Install]
WantedBy=multi-user.target
