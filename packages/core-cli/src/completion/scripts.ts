export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** The script that makes a shell ask `provisioning completion words` for candidates. */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for provisioning; load it with: source <(provisioning completion bash)
_provisioning() {
  local line candidates=()
  while IFS= read -r line; do candidates+=("\${line%%$'\\t'*}"); done < <(
    provisioning completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
  )
  COMPREPLY=("\${candidates[@]}")
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then compopt -o default 2>/dev/null; fi
}
complete -F _provisioning provisioning
`,
  zsh: `#compdef provisioning
# zsh completion for provisioning; load it with: source <(provisioning completion zsh)
_provisioning() {
  local line
  local -a found
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(provisioning completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe 'provisioning' found; else _files; fi
}
if [[ -n \${functions[compdef]} ]]; then compdef _provisioning provisioning; else autoload -Uz compinit && compinit && compdef _provisioning provisioning; fi
`,
  fish: `# fish completion for provisioning; load it with: provisioning completion fish | source
function __provisioning_words
    set -l words (commandline -opc) (commandline -ct)
    provisioning completion words -- $words[2..-1] 2>/dev/null
end
complete -c provisioning -f -a '(__provisioning_words)'
`,
  powershell: `# PowerShell completion for provisioning; load it with: provisioning completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName provisioning -ScriptBlock {
  param($word, $ast, $position)
  $words = @($ast.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($word -eq '') { $words += '' }
  provisioning completion words -- @words 2>$null | ForEach-Object {
    $name, $text = $_ -split "\`t", 2
    [System.Management.Automation.CompletionResult]::new($name, $name, 'ParameterValue', $(if ($text) { $text } else { $name }))
  }
}
`,
};
