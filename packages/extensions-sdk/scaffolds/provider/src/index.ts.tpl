import { defineProvider, Type } from '@provisioning/extensions-sdk';
import { createInstance } from './instance.ts';

/** What `[providers.%name%]` may say. */
const Config = Type.Object(
  {
    api_url: Type.Optional(Type.String()),
    default_zone: Type.Optional(Type.String()),
    default_plan: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
);

export default defineProvider({
  apiVersion: '2.0',
  metadata: () => ({
    name: '%name%',
    version: '0.1.0',
    type: 'provider',
    display_name: '%display_name%',
    description: '%description%',
    interface: 'API',
    category: 'cloud',
    capabilities: { server_management: true },
    required_auth: ['token'],
    auth_methods: ['api_key'],
    supported_os: ['debian-12', 'ubuntu-22.04'],
    regions: ['zone-1', 'zone-2'],
    certified: false,
  }),
  configSchema: Config,
  serverSchema: Type.Object({}, { additionalProperties: true }),
  defaults: { server: {} },
  init: async (context) => createInstance(context),
});
