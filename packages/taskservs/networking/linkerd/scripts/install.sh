#!/bin/sh
# Installs or upgrades the charts and waits until what they bring is ready.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
charts=/etc/provisioning/charts
helm upgrade --install "$CHART_RELEASE" "$CHART_NAME" --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m \
  --values "$charts/$CHART_RELEASE.yaml" --values "$charts/$CHART_RELEASE.extra.json"
if [ "$LINKERD_VIZ" = true ]; then
  helm upgrade --install linkerd-viz linkerd-viz --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
    --namespace linkerd-viz --create-namespace --wait --timeout 10m --set "prometheus.enabled=$LINKERD_VIZ_PROMETHEUS"
else
  helm uninstall linkerd-viz --namespace linkerd-viz --ignore-not-found --wait
fi
