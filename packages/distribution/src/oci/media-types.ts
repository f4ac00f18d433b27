/** Constants of the OCI image-spec 1.1 and distribution-spec 1.1, and the media types of this project (09 §4). */
export const mediaTypes = {
  imageManifest: 'application/vnd.oci.image.manifest.v1+json',
  imageIndex: 'application/vnd.oci.image.index.v1+json',
  imageConfig: 'application/vnd.oci.image.config.v1+json',
  empty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  octetStream: 'application/octet-stream',
} as const;

/** `Accept` of every manifest request: the OCI kinds first, Docker's second schema as the readable legacy. */
export const manifestAccept = [
  mediaTypes.imageManifest,
  mediaTypes.imageIndex,
  mediaTypes.dockerManifest,
  mediaTypes.dockerManifestList,
].join(', ');

const indexTypes: ReadonlySet<string> = new Set([mediaTypes.imageIndex, mediaTypes.dockerManifestList]);
const manifestTypes: ReadonlySet<string> = new Set([
  mediaTypes.imageManifest,
  mediaTypes.dockerManifest,
  ...indexTypes,
]);

/** Whether content of this type lives below `/manifests/` of a repository. */
export function isManifestType(mediaType: string): boolean {
  return manifestTypes.has(mediaType);
}

/** Whether content of this type lists manifests rather than layers. */
export function isIndexType(mediaType: string): boolean {
  return indexTypes.has(mediaType);
}

/**
 * Whether a registry is expected to have content of this type. Layers that may not be passed on are named by manifests
 * and come from elsewhere (image-spec "Non-Distributable Layers").
 */
export function isDistributable(mediaType: string): boolean {
  return !/^application\/vnd\.(?:oci\.image\.layer\.nondistributable|docker\.image\.rootfs\.foreign)\b/.test(
    mediaType,
  );
}

/** Annotation by which an image layout names its entries (image-spec "Pre-Defined Annotation Keys"). */
export const refNameAnnotation = 'org.opencontainers.image.ref.name';

/** Largest manifest that is read; the distribution-spec asks registries to accept at least this much. */
export const maxManifestBytes = 4 * 1024 * 1024;
