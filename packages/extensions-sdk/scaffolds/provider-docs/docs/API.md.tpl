# Configuration

| Key of `[providers.%name%]` | Meaning |
|---|---|
| `api_url` | address of the service |
| `default_zone`, `default_plan` | where and what a server is when its definition does not say |

The token comes from `%NAME%_TOKEN`.
