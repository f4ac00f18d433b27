#!/bin/sh
# Installs or upgrades the chart and waits until what it brings is ready.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
charts=/etc/provisioning/charts
helm upgrade --install "$CHART_RELEASE" "$CHART_NAME" --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m \
  --values "$charts/$CHART_RELEASE.yaml" --values "$charts/$CHART_RELEASE.extra.json"
if [ -s "$charts/cert-manager.issuers.yaml" ]; then kubectl apply --filename "$charts/cert-manager.issuers.yaml"; fi
