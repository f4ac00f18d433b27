#!/bin/sh
# Installs or upgrades the charts, resource types first, and waits until what they bring is ready.
set -eu
export KUBECONFIG="${KUBECONFIG:-/etc/kubernetes/admin.conf}"
charts=/etc/provisioning/charts
helm upgrade --install istio-base base --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m
helm upgrade --install "$CHART_RELEASE" "$CHART_NAME" --repo "$CHART_REPOSITORY" --version "$CHART_VERSION" \
  --namespace "$CHART_NAMESPACE" --create-namespace --wait --timeout 10m \
  --values "$charts/$CHART_RELEASE.yaml" --values "$charts/$CHART_RELEASE.extra.json"
# How strictly services prove to each other who they are, in the whole mesh.
kubectl apply --filename "$charts/istio.mtls.yaml"
