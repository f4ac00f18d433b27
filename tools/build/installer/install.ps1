# Installs provisioning (Windows 10 and 11; PowerShell 5.1 or newer).
#
#   $env:PROVISIONING_RELEASES_URL = 'https://releases.example.org'
#   powershell -ExecutionPolicy Bypass -File install.ps1 --user
#
# Takes the options of install.sh. Finds out what machine this is, brings a Node.js and the setup program, verifies both
# and leaves the rest to it.
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$base = '@RELEASES_URL@'
if ($base.StartsWith('@')) { $base = '' }
if ($env:PROVISIONING_RELEASES_URL) { $base = $env:PROVISIONING_RELEASES_URL }
$prefix = Join-Path $env:ProgramFiles 'provisioning'
$version = '@VERSION@'
$releaseKey = "$env:PROVISIONING_RELEASE_KEY"
$systemNode = $false
$requireSignature = $false
$passed = New-Object System.Collections.Generic.List[string]
$work = $null

function Stop-Installation {
    param([int]$Code, [string]$Message)
    [Console]::Error.WriteLine("error: $Message")
    if ($null -ne $script:work) { Remove-Item -Recurse -Force -LiteralPath $script:work -ErrorAction SilentlyContinue }
    exit $Code
}

function Show-Usage {
    Write-Output @'
Usage: install.ps1 [options]

  --prefix P, --install-path P  where to install (default %ProgramFiles%\provisioning)
  --user                        install to %LOCALAPPDATA%\Programs\provisioning
  --version V                   a version instead of the latest
  --packages a,b                core, platform, extensions, templates (default core)
  --bundle ID                   a tested set of versions, such as stable
  --variant complete|minimal    (default complete)
  --no-replace-existing         refuse a prefix that is in use
  --system-node                 use the Node.js on the PATH
  --require-signature           refuse releases without a valid signature
  --release-key FILE            public key of the releases
  --dry-run                     say what would be done
  --yes                         replace another version without asking
  --verbose                     say more

PROVISIONING_RELEASES_URL says where releases are: an address, file:// or a folder.
'@
    if ($base -ne '') { Write-Output "Without it: $base" }
}

# Options with a value may be written as one word, --prefix=C:\tools, too.
$words = New-Object System.Collections.Generic.Queue[string]
foreach ($word in $args) {
    if ("$word" -match '^(--[a-z-]+)=(.*)$') { $words.Enqueue($Matches[1]); $words.Enqueue($Matches[2]) }
    else { $words.Enqueue("$word") }
}
while ($words.Count -gt 0) {
    $option = $words.Dequeue()
    $value = ''
    if (@('--prefix', '--install-path', '--version', '--packages', '--bundle', '--variant', '--release-key') -contains $option) {
        if ($words.Count -eq 0) { Stop-Installation 2 "Missing value for $option" }
        $value = $words.Dequeue()
    }
    switch ($option) {
        { $_ -eq '--prefix' -or $_ -eq '--install-path' } { $prefix = $value }
        '--user' { $prefix = Join-Path $env:LOCALAPPDATA 'Programs\provisioning' }
        '--version' { $version = $value; $passed.Add('--version'); $passed.Add($value) }
        { $_ -eq '--packages' -or $_ -eq '--bundle' -or $_ -eq '--variant' } { $passed.Add($option); $passed.Add($value) }
        '--release-key' { $releaseKey = $value }
        '--system-node' { $systemNode = $true }
        '--require-signature' { $requireSignature = $true; $passed.Add($option) }
        { @('--no-replace-existing', '--dry-run', '--yes', '--verbose', '--force') -contains $_ } { $passed.Add($option) }
        { $_ -eq '-h' -or $_ -eq '--help' } { Show-Usage; exit 0 }
        default { Stop-Installation 2 "Unknown option: $option" }
    }
}

# 1. The machine.
if ($env:OS -ne 'Windows_NT') { Stop-Installation 1 "Unsupported operating system: $([Environment]::OSVersion.Platform)" }
$machine = if ($env:PROCESSOR_ARCHITEW6432) { $env:PROCESSOR_ARCHITEW6432 } else { $env:PROCESSOR_ARCHITECTURE }
# Windows on arm64 runs programs for amd64, too.
if (@('AMD64', 'ARM64') -notcontains $machine) { Stop-Installation 1 "Unsupported architecture: $machine" }

# 2. What it takes.
function Find-Program {
    param([string]$Name)
    Get-Command $Name -CommandType Application -ErrorAction SilentlyContinue | Select-Object -First 1
}
if ($base -eq '') {
    Stop-Installation 3 'Nobody has said where releases are: set PROVISIONING_RELEASES_URL to the address, or the folder, that has them'
}
if ($null -eq (Find-Program 'tar')) { Stop-Installation 1 'tar not found' }
if ($systemNode) {
    $fits = $false
    if ($null -ne (Find-Program 'node')) {
        & node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>22||a===22&&b>=18?0:1)'
        $fits = $LASTEXITCODE -eq 0
    }
    if (-not $fits) { Stop-Installation 1 'Node.js 22.18 or newer required' }
}

# 3. Permission; nobody becomes administrator silently.
$folder = $prefix
while (-not (Test-Path -LiteralPath $folder)) { $folder = Split-Path -Parent $folder }
$trial = Join-Path $folder ".provisioning-$PID"
try {
    [IO.File]::WriteAllText($trial, '')
    Remove-Item -Force -LiteralPath $trial
}
catch {
    Stop-Installation 4 "Cannot write to $prefix. Use an administrator's PowerShell or --user"
}

# 4. Downloads, in a private folder.
$work = Join-Path ([IO.Path]::GetTempPath()) "provisioning-$([Guid]::NewGuid().ToString('N'))"
New-Item -ItemType Directory -Path $work | Out-Null
$remote = $base -match '^https?://'
$root = if ($base -match '^file:') { ([Uri]$base).LocalPath } else { $base }

function Receive-ReleaseFile {
    param([string]$Path, [string]$Target)
    if (-not $remote) {
        $source = Join-Path $root $Path
        if (-not (Test-Path -LiteralPath $source -PathType Leaf)) { return $false }
        Copy-Item -LiteralPath $source -Destination $Target
        return $true
    }
    [Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
    foreach ($attempt in 1..3) {
        try {
            Invoke-WebRequest -UseBasicParsing -Uri "$base/$Path" -OutFile $Target
            return $true
        }
        catch {
            Remove-Item -Force -LiteralPath $Target -ErrorAction SilentlyContinue
            if ($attempt -lt 3) { Start-Sleep -Seconds $attempt }
        }
    }
    return $false
}

try {
    if ($version -eq 'latest') {
        $passed.Add('--latest')
        $latest = Join-Path $work 'latest'
        if (Receive-ReleaseFile 'latest' $latest) {
            $version = (Get-Content -LiteralPath $latest -TotalCount 1).Trim()
        }
        elseif ($remote) { Stop-Installation 1 "Cannot find out the latest version at $base" }
        else {
            $found = @(Get-ChildItem -Path $root -Filter 'provisioning-setup-*.mjs' -Recurse -Depth 1 -ErrorAction SilentlyContinue |
                    ForEach-Object { $_.Name -replace '^provisioning-setup-(.+)\.mjs$', '$1' } |
                    Sort-Object { [version]($_ -replace '[-+].*$', '') })
            if ($found.Count -eq 0) { Stop-Installation 5 "No release at $base" }
            $version = $found[-1]
        }
    }

    $checksums = Join-Path $work 'checksums.txt'
    if (-not (Receive-ReleaseFile "$version/checksums.txt" $checksums)) {
        Stop-Installation 1 "Download failed: $base/$version/checksums.txt"
    }
    $sums = @{}
    foreach ($line in Get-Content -LiteralPath $checksums) {
        if ($line -match '^([0-9a-f]{64}) [ *](.+)$') { $sums[$Matches[2]] = $Matches[1] }
    }

    # The key that releases are signed with, when this script was made with one.
    if ($releaseKey -eq '') {
        $included = @'
@RELEASE_KEY@
'@
        if ($included.StartsWith('-----BEGIN')) {
            $releaseKey = Join-Path $work 'release-key.asc'
            [IO.File]::WriteAllText($releaseKey, $included)
        }
    }
    if ($releaseKey -ne '' -and $null -ne (Find-Program 'gpg')) {
        $keyring = Join-Path $work 'gnupg'
        New-Item -ItemType Directory -Path $keyring | Out-Null
        $signature = Join-Path $work 'checksums.txt.sig'
        if (-not (Receive-ReleaseFile "$version/checksums.txt.sig" $signature)) {
            Stop-Installation 1 'Signature of the release cannot be verified: the release has no signature'
        }
        $ErrorActionPreference = 'Continue'
        & gpg --homedir $keyring --batch --quiet --import $releaseKey 2>$null
        $valid = $LASTEXITCODE -eq 0
        if ($valid) {
            & gpg --homedir $keyring --batch --quiet --trust-model always --verify $signature $checksums 2>$null
            $valid = $LASTEXITCODE -eq 0
        }
        $ErrorActionPreference = 'Stop'
        if (-not $valid) { Stop-Installation 1 'Signature of the release is not valid' }
        $passed.Add('--release-key')
        $passed.Add($releaseKey)
    }
    elseif ($requireSignature) {
        Stop-Installation 1 'Signature of the release cannot be verified: a release key (--release-key) and gpg are needed'
    }

    function Receive-VerifiedFile {
        param([string]$Name)
        $target = Join-Path $work $Name
        if (-not (Receive-ReleaseFile "$version/$Name" $target)) { Stop-Installation 1 "Download failed: $base/$version/$Name" }
        $sum = (Get-FileHash -Algorithm SHA256 -LiteralPath $target).Hash.ToLowerInvariant()
        if (-not $sums.ContainsKey($Name) -or $sums[$Name] -ne $sum) {
            Remove-Item -Force -LiteralPath $target
            Stop-Installation 1 "Checksum mismatch for $Name"
        }
        return $target
    }

    $setup = Receive-VerifiedFile "provisioning-setup-$version.mjs"
    $node = 'node'
    if ($systemNode) { $passed.Add('--system-node') }
    else {
        $runtime = @($sums.Keys | Where-Object { $_ -match '^provisioning-runtime-.*-windows-amd64\.tar\.gz$' })
        if ($runtime.Count -eq 0) { Stop-Installation 1 "Release $version has no Node.js for windows-amd64; use --system-node" }
        $archive = Receive-VerifiedFile $runtime[0]
        $unpacked = Join-Path $work 'runtime'
        New-Item -ItemType Directory -Path $unpacked | Out-Null
        & tar -xzf $archive -C $unpacked
        if ($LASTEXITCODE -ne 0) { Stop-Installation 1 "Cannot unpack $($runtime[0])" }
        $node = Join-Path $unpacked 'lib\provisioning\node\bin\node.exe'
    }

    # 5. Everything else.
    $env:PROVISIONING_RELEASES_URL = $base
    & $node $setup install --prefix $prefix --release $version --downloads $work @passed
    $status = $LASTEXITCODE
}
finally {
    Remove-Item -Recurse -Force -LiteralPath $work -ErrorAction SilentlyContinue
}
exit $status
