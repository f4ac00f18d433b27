name: %name%
type: taskserv
version: 0.1.0
description: "%description%"
author: "%author%"
license: ISC
%repository%category: %category%
tags: [web-service]
dependencies:
  os: '>=1.0.0'
platforms: [linux/amd64, linux/arm64]
min_provisioning_version: 0.1.0
software:
  version: 0.1.0
  source:
    type: apt
install:
  packages:
    apt: [python3-minimal, python3]
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
health:
  tcp: '{{config.port}}'
  initial_delay: 10
  interval: 5
  retries: 3
ports: [%port%]
data_directories: [/var/lib/%name%]
resources:
  memory: 64
profiles:
  development: {}
  production: {}
timeout: 600
