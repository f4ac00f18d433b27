/** Media types of this project's artifacts (09 §4). */
export const artifactTypes = {
  extension: 'application/vnd.provisioning.extension.v1',
  core: 'application/vnd.provisioning.core.v1',
  template: 'application/vnd.provisioning.template.v1',
  bundle: 'application/vnd.provisioning.bundle.v1',
  schemas: 'application/vnd.provisioning.schemas.v1',
} as const;

export const extensionConfigType = 'application/vnd.provisioning.extension.config.v1+json';
export const extensionContentType = 'application/vnd.provisioning.extension.content.v1.tar+gzip';

export const annotations = {
  title: 'org.opencontainers.image.title',
  version: 'org.opencontainers.image.version',
  description: 'org.opencontainers.image.description',
  authors: 'org.opencontainers.image.authors',
  licenses: 'org.opencontainers.image.licenses',
  url: 'org.opencontainers.image.url',
  source: 'org.opencontainers.image.source',
  documentation: 'org.opencontainers.image.documentation',
  created: 'org.opencontainers.image.created',
  revision: 'org.opencontainers.image.revision',
  kind: 'dev.provisioning.extension.kind',
  minCore: 'dev.provisioning.extension.min-core',
  platforms: 'dev.provisioning.extension.platforms',
  tags: 'dev.provisioning.extension.tags',
  category: 'dev.provisioning.extension.category',
  /** Digest of the tar before compression: equal content is equal whatever compressed it. */
  content: 'dev.provisioning.extension.content-digest',
} as const;
