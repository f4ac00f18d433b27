import type { MirroredPackage } from './package-mirror.ts';

/**
 * Packages with the shape of Kubernetes' own: the same names, dependencies, files and command lines. The control plane
 * answers on its port over TLS, knows its tokens and lets nobody join without one.
 */
export function kubernetesPackages(version: string): readonly MirroredPackage[] {
  const packaged = `${version}-1.1`;
  const unit =
    '[Unit]\nDescription=kubelet\n[Service]\nExecStart=/usr/bin/kubelet\n[Install]\nWantedBy=multi-user.target\n';
  return [
    {
      name: 'kubelet',
      version: packaged,
      files: {
        '/usr/bin/kubelet': '#!/bin/sh\nexec sleep infinity\n',
        '/lib/systemd/system/kubelet.service': unit,
      },
    },
    {
      name: 'kubeadm',
      version: packaged,
      depends: `openssl, curl, kubelet (>= ${packaged})`,
      files: { '/usr/bin/kubeadm': kubeadm },
    },
    { name: 'kubectl', version: packaged, files: { '/usr/bin/kubectl': kubectl } },
  ];
}

const kubeadm = String.raw`#!/bin/sh
set -eu
state=/var/lib/kubeadm
mkdir -p "$state/www" /etc/kubernetes/pki
echo "$*" >>"$state/log"
serve() {
  cd "$state/www"
  : >>tokens
  echo ok >healthz
  systemd-run -q --unit kube-apiserver --working-directory "$state/www" \
    openssl s_server -accept 6443 -cert /etc/kubernetes/pki/ca.crt -key /etc/kubernetes/pki/ca.key -WWW -quiet
}
value() { sed -n "s/^ *$1: //p" "$file" | head -n 1; }
case "$1 $2" in
  'init --config')
    grep -q "^kubernetesVersion: v" "$3"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=kubernetes-ca \
      -keyout /etc/kubernetes/pki/ca.key -out /etc/kubernetes/pki/ca.crt 2>/dev/null
    serve
    echo "server: https://$(sed -n 's/^ *advertiseAddress: //p' "$3"):6443" >/etc/kubernetes/admin.conf ;;
  'init phase') echo certificate-key ;;
  'token create')
    token=$(openssl rand -hex 3).$(openssl rand -hex 8)
    echo "$token" >>"$state/www/tokens"
    echo "$token" ;;
  'join --config')
    file=$3
    value caCertHashes | grep -q 'sha256:[0-9a-f]\{64\}'
    curl -fsk --max-time 20 "https://$(value apiServerEndpoint)/tokens" | grep -qx "$(value token)" ||
      { echo 'the token is not known' >&2; exit 1; }
    if grep -q controlPlane "$file"; then
      [ -n "$(value certificateKey)" ]
      echo "server: joined" >/etc/kubernetes/admin.conf
    fi
    echo joined >/etc/kubernetes/kubelet.conf ;;
  'reset --force') systemctl stop kube-apiserver 2>/dev/null || : ; rm -rf /etc/kubernetes/kubelet.conf "$state/www" ;;
  'upgrade node' | 'upgrade apply') ;;
  *) echo "unknown: $*" >&2; exit 2 ;;
esac
`;

const kubectl = String.raw`#!/bin/sh
set -eu
state=/var/lib/kubeadm
touch "$state/nodes"
echo "kubectl $*" >>"$state/log"
case "$1" in
  uncordon) grep -qx "$2" "$state/nodes" || echo "$2" >>"$state/nodes" ;;
  get) if [ "$2" = node ]; then grep -x "$3" "$state/nodes"; elif [ "$2" = nodes ]; then cat "$state/nodes"; else exit 1; fi ;;
  delete) sed -i "/^$3\$/d" "$state/nodes" ;;
  version) echo "Client Version: shaped" ;;
  drain | wait | annotate) ;;
  *) exit 2 ;;
esac
`;
