#!/bin/sh
# Removes the release; its namespace and volumes stay.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
exec helm uninstall "$CHART_RELEASE" --namespace "$CHART_NAMESPACE" --wait
