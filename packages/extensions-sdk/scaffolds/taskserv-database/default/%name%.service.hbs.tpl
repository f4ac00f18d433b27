[Unit]
Description=%display_name%
After=network-online.target

[Service]
ExecStartPre=/usr/bin/sqlite3 /var/lib/%name%/{{config.auth.database}}.db "PRAGMA journal_mode=WAL"
ExecStart=/usr/bin/socat TCP-LISTEN:{{config.port}},bind=127.0.0.1,reuseaddr,fork "EXEC:/usr/bin/sqlite3 /var/lib/%name%/{{config.auth.database}}.db"
Restart=on-failure

[Install]
WantedBy=multi-user.target
