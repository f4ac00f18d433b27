# Examples

```sh
provisioning cluster create %name% --infra demo --check
```
