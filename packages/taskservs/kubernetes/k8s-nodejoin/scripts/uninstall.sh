#!/bin/sh
set -eu
kubeadm reset --force
