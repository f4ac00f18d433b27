#!/bin/sh
# Removes the release; its namespace and volumes stay.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
for gateway in istio-ingressgateway istio-egressgateway; do
  helm uninstall "$gateway" --namespace "$CHART_NAMESPACE" --ignore-not-found --wait
done
exec helm uninstall "$CHART_RELEASE" --namespace "$CHART_NAMESPACE" --wait
