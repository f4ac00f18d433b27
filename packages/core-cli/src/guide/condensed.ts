/** The short reference behind `sc` (24 §2): part of the program, so that it works in the most broken installation. */
export const condensedReference = `# provisioning: short reference

## Global options
- \`-i, --infra NAME\` infrastructure; \`-ws WORKSPACE[:INFRA]\` workspace, after the subcommand
- \`-c, --check\` show what would be done; \`-y, --yes\` no questions; \`-w, --wait\` wait for the end
- \`-o, --out table|text|json|yaml|toml\`; \`--outfile FILE\`; \`-q\` quiet; \`-v\` verbose; \`-x\` debug
- \`--direct\` run here; \`--orchestrated\` run through the orchestrator; \`--timeout SECONDS\`

## Short forms
- \`s\` server, \`t\` taskserv, \`i\` infra, \`ws\` workspace, \`wf\` workflow, \`orch\` orchestrator
- \`mod\` module, \`lyr\` layer, \`tpl\` template, \`c\` create, \`d\` delete, \`l\` list, \`g\` generate
- verbs may come first: \`provisioning create server web-01\`

## The main job
\`\`\`sh
provisioning workspace init shop --activate
provisioning plan
provisioning deploy
provisioning plan --detailed-exitcode
provisioning destroy --check
\`\`\`

## Servers
\`\`\`sh
provisioning server list
provisioning server list --all
provisioning server create web-01 --check
provisioning server info web-01
provisioning server ssh web-01
provisioning server exec web-01 -- systemctl --failed
provisioning server restart web-01
provisioning server delete web-01 --check
\`\`\`

## Taskservs
\`\`\`sh
provisioning taskserv list
provisioning taskserv list --installed
provisioning taskserv show redis
provisioning taskserv create redis --check
provisioning taskserv delete redis --check
\`\`\`

## Infrastructures and workspaces
\`\`\`sh
provisioning infra list
provisioning infra show
provisioning infra validate
provisioning workspace list
provisioning workspace activate shop
provisioning workspace info
provisioning provider list
\`\`\`

## Workflows and the orchestrator
\`\`\`sh
provisioning workflow list
provisioning workflow status --follow
provisioning workflow logs
provisioning workflow submit release.toml --check
provisioning orchestrator start
provisioning orchestrator status
provisioning orchestrator logs --follow
provisioning orchestrator stop
\`\`\`

## Configuration
\`\`\`sh
provisioning config show
provisioning config get providers.default
provisioning config sources
provisioning validate config
provisioning env
\`\`\`

## Modules, layers, templates, extensions
\`\`\`sh
provisioning module discover taskserv
provisioning layer show
provisioning template list
provisioning extension list
provisioning oci list
\`\`\`

## Output for programs
\`\`\`sh
provisioning server list --out json | jq -r '.[].hostname'
provisioning plan --out json | jq '.summary'
provisioning workspace list --out yaml
\`\`\`

## Help
- \`provisioning help\`, \`help <category>\`, \`help <command>\`; \`<command> --help\` is the same
- \`provisioning guide list\`, \`provisioning guide from-scratch\`
- \`provisioning completion install\`
- exit codes: 0 good, 1 failed, 2 wrong usage, 3 configuration, 4 permission, 5 not found, 130 interrupted
`;
