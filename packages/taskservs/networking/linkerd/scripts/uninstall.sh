#!/bin/sh
# Removes the releases; their namespaces and volumes stay.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
helm uninstall linkerd-viz --namespace linkerd-viz --ignore-not-found --wait
exec helm uninstall "$CHART_RELEASE" --namespace "$CHART_NAMESPACE" --wait
