#!/bin/sh
# Makes the repositories known to root's helm.
set -eu
for entry in $HELM_REPOSITORIES; do helm repo add --force-update "${entry%%=*}" "${entry#*=}"; done
