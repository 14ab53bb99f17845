#Requires -Version 5.1
#Requires -RunAsAdministrator

<#
.SYNOPSIS
Stops Headcount and removes its scheduled task and its firewall rule. Program, configuration and store stay.

.EXAMPLE
.\uninstall.ps1 -WhatIf
#>
[CmdletBinding(SupportsShouldProcess)]
param()

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$name = 'Headcount'
$ruleName = 'Headcount-UDP'

if (Get-ScheduledTask -TaskName $name -TaskPath '\' -ErrorAction SilentlyContinue) {
    if ($PSCmdlet.ShouldProcess("scheduled task $name", 'Stop and remove')) {
        # First: it is started again every minute.
        Disable-ScheduledTask -TaskName $name -TaskPath '\' | Out-Null
        Stop-ScheduledTask -TaskName $name -TaskPath '\'
        Unregister-ScheduledTask -TaskName $name -TaskPath '\' -Confirm:$false
    }
}
if (Get-NetFirewallRule -Name $ruleName -ErrorAction SilentlyContinue) {
    if ($PSCmdlet.ShouldProcess("firewall rule $ruleName", 'Remove')) {
        Remove-NetFirewallRule -Name $ruleName
    }
}
