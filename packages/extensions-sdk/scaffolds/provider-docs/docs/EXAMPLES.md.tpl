# Examples

```toml
[[servers]]
hostname = "web-01"
provider = "%name%"
plan = "small"
zone = "zone-1"
```
