/** What a template is asked for. */
export interface TemplateInput {
  readonly workspace: string;
  readonly infra: string;
  readonly provider: string;
}

/** A file of a new workspace, relative to the folder it belongs to. Definitions are written in TOML and converted. */
export interface TemplateFile {
  readonly path: string;
  readonly text: string;
}

/** Content of a new infrastructure (03 §4.3). */
export interface WorkspaceTemplate {
  readonly name: string;
  readonly summary: string;
  /** Name of the first infrastructure when none is asked for. */
  readonly infra: string;
  /** Environment the workspace starts with. */
  readonly debug?: boolean;
  /** Providers beside the default one. */
  readonly providers?: readonly string[];
  files(input: TemplateInput): TemplateFile[];
}

/** `settings.toml` as every template writes it (03 §4.3). */
export function settingsFile(
  input: TemplateInput,
  title: string,
  options: { readonly wait?: number; readonly defaults?: string } = {},
): TemplateFile {
  return {
    path: 'settings.toml',
    text: `# Settings of the infrastructure '${input.infra}'. Servers are in servers.toml.
main_name = "${input.infra}"
main_title = "${title}"
settings_path = "./settings.yaml"
defaults_provs_dirpath = "./defs"
prov_data_dirpath = "./data"
created_taskservs_dirpath = "./tmp/NOW_deployment"
# Seconds a new server gets to settle before a warning is printed
servers_wait_started = ${options.wait ?? 40}

[runset]
wait = true
output_format = "human"
output_path = "./tmp/NOW"
inventory_file = "./inventory.yaml"
use_time = true

[secrets]
provider = "sops"

# What every server has unless it says otherwise
[server_defaults]
provider = "${input.provider}"
${options.defaults ?? ''}`,
  };
}
