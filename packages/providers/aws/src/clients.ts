import type { EC2Client } from '@aws-sdk/client-ec2';
import type { EKSClient } from '@aws-sdk/client-eks';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { PricingClient } from '@aws-sdk/client-pricing';
import type { RDSClient } from '@aws-sdk/client-rds';
import type { Route53Client } from '@aws-sdk/client-route-53';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import type { STSClient } from '@aws-sdk/client-sts';
import type { ProviderContext, Secret } from '@provisioning/extensions-sdk';
import { findCredential, missingCredential, setting } from '@provisioning/extensions-sdk/cloud';
import { redact } from '@provisioning/extensions-sdk/http';
import type { AwsConfig } from './config.ts';
import { failure, name } from './failure.ts';

interface Identity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Sender {
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
  destroy(): void;
}

/** Clients of the services by region, made and loaded when first used. */
export class Clients {
  readonly region: string;
  readonly #config: AwsConfig;
  readonly #context: ProviderContext;
  readonly #made = new Map<string, Promise<Sender>>();
  readonly #key: Secret | undefined;
  readonly #secret: Secret | undefined;
  readonly #token: Secret | undefined;
  #identity: Promise<Identity> | undefined;

  constructor(context: ProviderContext) {
    this.#context = context;
    this.#config = context.config as AwsConfig;
    const { AWS_REGION, AWS_DEFAULT_REGION } = context.environment;
    this.region = this.#config.region ?? AWS_REGION ?? AWS_DEFAULT_REGION ?? 'us-east-1';
    this.#key = findCredential(context, ['access_key_id', 'auth.api_key'], ['AWS_ACCESS_KEY_ID']);
    this.#secret = findCredential(
      context,
      ['secret_access_key', 'auth.api_secret'],
      ['AWS_SECRET_ACCESS_KEY'],
    );
    this.#token = findCredential(context, ['session_token'], ['AWS_SESSION_TOKEN']);
  }

  /** `us-east-1a` and local zones lie in the region they begin with. */
  regionOf(zone: string): string {
    return /^[a-z]{2}(-[a-z]+)+-\d+/.exec(zone)?.[0] ?? this.region;
  }

  get regions(): string[] {
    return [...new Set([this.region, ...(this.#config.regions ?? [])])];
  }

  ec2(region = this.region): Promise<EC2Client> {
    return this.#client(`ec2 ${region}`, async () => {
      const { EC2Client } = await import('@aws-sdk/client-ec2');
      return new EC2Client(this.#options(region));
    });
  }

  sts(): Promise<STSClient> {
    return this.#client('sts', async () => {
      const { STSClient } = await import('@aws-sdk/client-sts');
      return new STSClient(this.#options(this.region));
    });
  }

  balancing(): Promise<ElasticLoadBalancingV2Client> {
    return this.#client('elb', async () => {
      const { ElasticLoadBalancingV2Client } = await import('@aws-sdk/client-elastic-load-balancing-v2');
      return new ElasticLoadBalancingV2Client(this.#options(this.region));
    });
  }

  route53(): Promise<Route53Client> {
    return this.#client('route53', async () => {
      const { Route53Client } = await import('@aws-sdk/client-route-53');
      return new Route53Client(this.#options(this.region));
    });
  }

  s3(region = this.region): Promise<S3Client> {
    return this.#client(`s3 ${region}`, async () => {
      const { S3Client } = await import('@aws-sdk/client-s3');
      // Another endpoint than Amazon's rarely has a host name for each bucket.
      return new S3Client({ ...this.#options(region), forcePathStyle: this.#config.api_url !== undefined });
    });
  }

  rds(): Promise<RDSClient> {
    return this.#client('rds', async () => {
      const { RDSClient } = await import('@aws-sdk/client-rds');
      return new RDSClient(this.#options(this.region));
    });
  }

  eks(): Promise<EKSClient> {
    return this.#client('eks', async () => {
      const { EKSClient } = await import('@aws-sdk/client-eks');
      return new EKSClient(this.#options(this.region));
    });
  }

  quotas(): Promise<ServiceQuotasClient> {
    return this.#client('quotas', async () => {
      const { ServiceQuotasClient } = await import('@aws-sdk/client-service-quotas');
      return new ServiceQuotasClient(this.#options(this.region));
    });
  }

  /** The price list is served from a few regions only. */
  pricing(): Promise<PricingClient> {
    return this.#client('pricing', async () => {
      const { PricingClient } = await import('@aws-sdk/client-pricing');
      return new PricingClient(this.#options('us-east-1'));
    });
  }

  /** Whether credentials are there; only a profile or a role needs to be asked. */
  async hasCredentials(): Promise<boolean> {
    return this.credentials().then(
      () => true,
      () => false,
    );
  }

  /** Sends a command; errors in our classes, without secrets. @throws ProviderError. */
  async call<T>(
    operation: string,
    work: (signal?: AbortSignal) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    signal?.throwIfAborted();
    await this.credentials();
    try {
      return await work(signal);
    } catch (error) {
      if (error instanceof Error) {
        error.message = redact(
          error.message,
          [this.#secret, this.#token, this.#key].filter((entry) => entry !== undefined),
        );
      }
      throw failure(operation, error, signal);
    }
  }

  /** @throws ProviderError `auth` before anything is sent. */
  credentials(): Promise<Identity> {
    this.#identity ??= this.#findIdentity().catch((error: unknown) => {
      this.#identity = undefined;
      throw error;
    });
    return this.#identity;
  }

  async close(): Promise<void> {
    for (const client of await Promise.all(this.#made.values())) client.destroy();
    this.#made.clear();
  }

  async #findIdentity(): Promise<Identity> {
    if (this.#key !== undefined && this.#secret !== undefined) {
      return {
        accessKeyId: this.#key.reveal(),
        secretAccessKey: this.#secret.reveal(),
        ...(this.#token === undefined ? {} : { sessionToken: this.#token.reveal() }),
      };
    }
    const { credentials, credentials_profile: configured } = this.#config;
    const profile =
      configured ?? setting(this.#context.config, 'auth.profile') ?? this.#context.environment.AWS_PROFILE;
    try {
      if (credentials?.type === 'iam_role') {
        const { EC2Client } = await import('@aws-sdk/client-ec2');
        const client = new EC2Client({ region: this.region });
        return (await client.config.credentials()) as Identity;
      }
      const { fromIni } = await import('@aws-sdk/credential-provider-ini');
      return await fromIni(typeof profile === 'string' ? { profile } : {})();
    } catch {
      throw missingCredential(
        name,
        this.#key === undefined ? 'API key' : 'API secret',
        this.#key === undefined ? 'AWS_ACCESS_KEY_ID' : 'AWS_SECRET_ACCESS_KEY',
      );
    }
  }

  #options(region: string) {
    const { timeout = 300, retries = 3, api_url: endpoint } = this.#config;
    return {
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      credentials: () => this.credentials(),
      maxAttempts: Math.max(1, retries),
      requestHandler: { connectionTimeout: 5000, requestTimeout: timeout * 1000 },
    };
  }

  #client<T extends Sender>(key: string, make: () => Promise<T>): Promise<T> {
    let client = this.#made.get(key) as Promise<T> | undefined;
    if (client === undefined) {
      client = make();
      this.#made.set(key, client as Promise<Sender>);
    }
    return client;
  }
}
