#Requires -Version 5.1
#Requires -RunAsAdministrator

<#
.SYNOPSIS
Starts Headcount at boot, as a scheduled task, and lets the machines that you name send to it by UDP.

.DESCRIPTION
Run it again after every change; what is there already is replaced, the configuration and the store stay.
Where headcount.exe lies beside this script, that is what is started, and no Node is needed.
The task runs as LOCAL SERVICE: an account that every Windows has, without a password, that may do next to nothing here and
is nobody in the network. Headcount needs no more than to read its program and to write its folder. SYSTEM could do
everything; S4U would need an account of yours.

.EXAMPLE
.\install.ps1 -RemoteAddress 10.1.0.21, 10.1.0.22

.EXAMPLE
.\install.ps1 -RemoteAddress 10.1.0.0/24 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    # Who may send by UDP, as New-NetFirewallRule takes it: addresses, networks, ranges.
    [Parameter(Mandatory)]
    [string[]] $RemoteAddress,

    # The port of the udp receiver in config.yaml.
    [ValidateRange(1, 65535)]
    [int] $UdpPort = 9997,

    # Configuration, store and log; the working folder of the task.
    [string] $Folder = (Join-Path $env:ProgramData 'Headcount'),

    # node.exe, 24 or newer. Not given: the one that npm ci brought, else the one in the path. Not used with headcount.exe.
    [string] $Node
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'Headcount'
$ruleName = 'Headcount-UDP'
$executable = Join-Path $PSScriptRoot 'headcount.exe'
$hasExecutable = Test-Path -LiteralPath $executable
$program = if ($hasExecutable) { $PSScriptRoot } else { Split-Path -Parent (Split-Path -Parent $PSScriptRoot) }
$main = Join-Path $program 'src\main.ts'
$config = Join-Path $Folder 'config.yaml'

if ($program.StartsWith("$env:SystemDrive\Users\", [StringComparison]::OrdinalIgnoreCase)) {
    throw "LOCAL SERVICE may not read $program. Put Headcount into $env:ProgramFiles\Headcount."
}
if ($hasExecutable) {
    $run = $executable
    # Its log is a file, and the file "environment" has names for ${NAME}; both are in $Folder.
    $arguments = '--service start --config config.yaml'
} else {
    if (-not $Node) {
        $Node = Join-Path $program 'node_modules\node\bin\node.exe'
        if (-not (Test-Path -LiteralPath $Node)) {
            $Node = (Get-Command -Name node.exe -CommandType Application | Select-Object -First 1).Path
        }
    }
    $version = [string] (& $Node --version)
    if ($version -notmatch '^v(\d+)\.' -or [int] $Matches[1] -lt 24) {
        throw "Headcount needs Node 24 or newer; $Node is $version"
    }
    $run = $Node
    # A URL, because --import takes no drive letters. Relative paths start from $Folder.
    $logFile = ([Uri] (Join-Path $PSScriptRoot 'log-file.ts')).AbsoluteUri
    $arguments = '--max-semi-space-size=8 --env-file-if-exists=environment --import "{0}" "{1}" start --config config.yaml' -f $logFile, $main
}

function Invoke-Icacls {
    & icacls.exe @args | Out-Null
    if ($LASTEXITCODE -ne 0) { throw "icacls $args failed with $LASTEXITCODE" }
}

function Get-HeadcountProcess {
    if ($hasExecutable) {
        Get-CimInstance -ClassName Win32_Process -Filter "Name = 'headcount.exe'" |
            Where-Object { $_.ExecutablePath -eq $executable -and $_.CommandLine -and $_.CommandLine.Contains($arguments) }
    } else {
        Get-CimInstance -ClassName Win32_Process -Filter "Name = 'node.exe'" |
            Where-Object { $_.CommandLine -and $_.CommandLine.Contains("`"$main`" start") }
    }
}

if (Get-ScheduledTask -TaskName $name -TaskPath '\' -ErrorAction SilentlyContinue) {
    if ($PSCmdlet.ShouldProcess("scheduled task $name", 'Stop')) {
        # First: it is started again every minute.
        Disable-ScheduledTask -TaskName $name -TaskPath '\' | Out-Null
        Stop-ScheduledTask -TaskName $name -TaskPath '\'
        $until = (Get-Date).AddSeconds(15)
        while (Get-HeadcountProcess) {
            if ((Get-Date) -gt $until) { throw 'Headcount does not end; end its process and try again' }
            Start-Sleep -Milliseconds 200
        }
    }
}

if ($PSCmdlet.ShouldProcess($Folder, 'Create, for administrators and LOCAL SERVICE only')) {
    foreach ($each in $Folder, (Join-Path $Folder 'data'), (Join-Path $Folder 'log')) {
        New-Item -ItemType Directory -Force -Path $each | Out-Null
    }
    # Numbers, because names are translated: SYSTEM, Administrators, LOCAL SERVICE. It may read the configuration, and
    # write store and log.
    Invoke-Icacls $Folder '/inheritance:r' '/grant:r' '*S-1-5-18:(OI)(CI)F' '*S-1-5-32-544:(OI)(CI)F' '*S-1-5-19:(OI)(CI)RX'
    Invoke-Icacls (Join-Path $Folder 'data') '/grant:r' '*S-1-5-19:(OI)(CI)M'
    Invoke-Icacls (Join-Path $Folder 'log') '/grant:r' '*S-1-5-19:(OI)(CI)M'
}
if (-not (Test-Path -LiteralPath $config)) {
    if ($PSCmdlet.ShouldProcess($config, 'Create, with the defaults')) {
        Copy-Item -LiteralPath (Join-Path $program 'config.example.yaml') -Destination $config
    }
}

if ($PSCmdlet.ShouldProcess("firewall rule $ruleName", "Allow UDP $UdpPort from $($RemoteAddress -join ', ')")) {
    Get-NetFirewallRule -Name $ruleName -ErrorAction SilentlyContinue | Remove-NetFirewallRule
    $rule = @{
        Name          = $ruleName
        DisplayName   = 'Headcount: session events of Qlik Sense'
        Direction     = 'Inbound'
        Action        = 'Allow'
        Protocol      = 'UDP'
        LocalPort     = $UdpPort
        RemoteAddress = $RemoteAddress
        Program       = $run
    }
    New-NetFirewallRule @rule | Out-Null
}

if ($PSCmdlet.ShouldProcess("scheduled task $name", "Register and start: $run in $Folder")) {
    $task = @{
        TaskName    = $name
        TaskPath    = '\'
        Description = 'Who is on Qlik Sense right now, and who was'
        Action      = New-ScheduledTaskAction -Execute $run -Argument $arguments -WorkingDirectory $Folder
        # "Restart on failure" of a task is for one that could not be started, not for a program that ended. So it is
        # started every minute, and that is ignored while it runs.
        Trigger     = @(
            (New-ScheduledTaskTrigger -AtStartup),
            (New-ScheduledTaskTrigger -Once -At (Get-Date).Date -RepetitionInterval (New-TimeSpan -Minutes 1))
        )
        Principal   = New-ScheduledTaskPrincipal -UserId 'S-1-5-19' -LogonType ServiceAccount -RunLevel Limited
        # Otherwise a task ends after three days, on battery, and has less of the processor and the disk than others (7).
        Settings    = New-ScheduledTaskSettingsSet -MultipleInstances IgnoreNew -ExecutionTimeLimit ([TimeSpan]::Zero) `
            -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -StartWhenAvailable -Priority 4 `
            -RestartCount 3 -RestartInterval (New-TimeSpan -Minutes 1)
        Force       = $true
    }
    Register-ScheduledTask @task | Out-Null
    Start-ScheduledTask -TaskName $name -TaskPath '\'
    Write-Output "Configuration: $config"
    Write-Output "Log: $(Join-Path $Folder 'log\headcount.log')"
    Write-Output 'Is it ready? Invoke-RestMethod http://127.0.0.1:9999/readyz'
}
