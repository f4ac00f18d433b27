name: %name%
type: provider
version: 0.1.0
description: "%description%"
author: "%author%"
license: ISC
%repository%category: %category%
tags: [%template%]
min_provisioning_version: 0.1.0
entry_points:
  provider: src/index.ts
configuration:
  config_prefix: providers.%name%
  required_env_vars: [%NAME%_TOKEN]
permissions:
  network: ['*']
  secrets: [%NAME%_TOKEN]
capabilities:
  server_management: true
authentication:
  methods: [api_key]
  required_fields: [token]
regions:
  default: zone-1
  available: [zone-1, zone-2]
