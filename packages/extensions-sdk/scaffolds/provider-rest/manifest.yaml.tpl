name: %name%
type: provider
version: 0.1.0
description: "%description%"
author: "%author%"
license: ISC
%repository%category: %category%
tags: [rest]
min_provisioning_version: 0.1.0
configuration:
  config_prefix: providers.%name%
  required_env_vars: [%NAME%_TOKEN]
permissions:
  network: ['*']
  secrets: [%NAME%_TOKEN]
