name: %name%
type: cluster
version: 0.1.0
description: "%description%"
author: "%author%"
license: ISC
%repository%category: %category%
tags: [cluster]
min_provisioning_version: 0.1.0
dependencies:
  os: '>=1.0.0'
  redis: '>=1.0.0'
  haproxy: '>=1.0.0'
