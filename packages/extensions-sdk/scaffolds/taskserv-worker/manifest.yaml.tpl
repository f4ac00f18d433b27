name: %name%
type: taskserv
version: 0.1.0
description: "%description%"
author: "%author%"
license: ISC
%repository%category: %category%
tags: [worker]
dependencies:
  os: '>=1.0.0'
platforms: [linux/amd64, linux/arm64]
min_provisioning_version: 0.1.0
software:
  version: 0.1.0
  source:
    type: apt
install:
  files:
    - template: %name%.service.hbs
      path: /etc/systemd/system/%name%.service
  units:
    - name: %name%
  users:
    - name: %name%
      home: /var/lib/%name%
  directories:
    - path: /var/lib/%name%
      owner: %name%
      group: %name%
  facts: |
    data directory
data_directories: [/var/lib/%name%]
resources:
  memory: 64
profiles:
  development: {}
  production: {}
timeout: 600
