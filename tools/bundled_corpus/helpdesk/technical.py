"""Accounts, passwords, apps, devices, networks and appointments."""

from __future__ import annotations

from ..grammar import rules

PATTERNS = rules(
    """
# accounts and passwords: customers
I forgot my password and [the reset email never arrives|the reset link has expired|I no longer use
  that email address].
I cannot log in [on my phone|from a new laptop|since this morning|after changing my password].
It says my account is [locked|suspended|already in use|not verified], why?
How do I change the [email address|phone number|username|profile picture] on my account?
The verification code [never arrives|is always wrong|goes to my old number|expires too quickly].
How do I turn [on|off] two-factor authentication?
Someone tried to sign in to my account from [another country|a device I do not own], is it safe?
I want to delete my account and [all my data|keep my purchases|export my photos first].
# accounts and passwords: agents
Please check your spam folder for a message [with the reset link|from our sign-in service|sent in
  the last ten minutes].
The reset link is valid for [15 minutes|30 minutes|one hour]; please request a new one if it has
  expired.
For security I need to confirm your identity first: [what email is on the account|could you tell me
  the last order number|which city is in your address]?
I have [unlocked your account|sent a new reset link|removed the old phone number]; please try again
  [now|in five minutes].
Use at least [12|14] characters and do not reuse a password from [another site|your email account].
We will never ask for your password, [not by phone and not by email|so please do not share it with
  anyone].
# apps
The app [crashes when I open it|freezes on the loading screen|logs me out every day|drains my
  battery|will not update].
After the last update [the camera does not work|notifications stopped|the text is tiny|dark mode is
  gone].
I get error [403|404|500|0x80070057|E-17] when I try to [save|upload a file|sign in|print].
Is there a way to [export my data to CSV|use the app offline|change the language|undo a delete]?
My [photos|notes|contacts|messages] are not syncing between [my phone and tablet|two computers].
Please update to version [4.2|5.0.1|7.3] and restart the app.
Could you clear the cache under Settings > [Storage|Apps] and tell me if it still [crashes|freezes]?
Which version of the app [are you using|do you see under About], and on which [phone|system]?
This is a known bug, and a fix will be in the [next update|release on Thursday].
A screenshot of the [error|settings page|blank screen] would help us a lot.
# devices
My [laptop|printer|headset|monitor|router] will not turn on [after a power cut|this morning|any
  more].
The printer [says it is offline|prints blank pages|has a paper jam|is very slow|leaves black lines].
My [headphones|mouse|keyboard|watch] will not pair [over Bluetooth|with my new phone|after the
  update].
The screen [flickers|stays black|shows lines|is cracked in one corner].
Is this [charger|cable|battery|case] compatible with [the 2021 model|my tablet|the older version]?
Hold the power button for [10|15|30] seconds, wait a minute, and then turn it on again.
Please try another [cable|outlet|port|charger] so that we can rule out [the power supply|a faulty
  cable].
Your [laptop|watch|router] is still under warranty, so [the repair is free|we will replace it].
Your [laptop|watch|tablet] is out of warranty, but [we can offer a discount on the repair|we can
  give you a quote].
The serial number is on [the back|the bottom|the box|the battery cover].
# network
The Wi-Fi is [very slow in the evening|dropping every few minutes|connected but has no internet].
I cannot connect to [the VPN|the office network|the shared drive|the remote desktop] from home.
My internet has been down since [6 a.m.|last night|the storm], is there an outage in my area?
Please unplug the router for [30 seconds|one minute] and check whether the [green|white] light comes
  back.
Moving the router [away from the microwave|to a higher shelf|to the middle of the flat] often helps.
There is an outage in your area; our engineers expect to fix it by [noon|early evening|tomorrow
  morning].
Could you run a speed test [with a cable|close to the router] and send us the result?
Have you tried another [browser|cable|network], just to narrow it down?
My [email|calendar|chat] stopped working [after lunch|since the password change|on my laptop only].
I need [a second monitor|a new headset|a licence for the drawing tool|access to the team folder],
  whom do I ask?
Please approve the request in the [portal|email], and we will set up [the access|the laptop|the
  account] today.
Where do I find [my ticket number|the log file|the version number|the guide for new starters]?
I can connect to your screen now if you [read me the code|click on Allow|close any private windows].
The fix is in place; please [restart your computer|sign out and in again|try the same step once
  more].
# appointments
Can I [move|cancel|confirm] my appointment on [Monday|Thursday|Friday]?
Do you have anything [earlier|later in the day|next week|on Saturday]?
I am running [10|15|20] minutes late, can I still come?
Your appointment on [Tuesday at 9:30|Wednesday at 2 p.m.|Friday at 11:15] is confirmed.
The next free slot is [tomorrow at 10:40|on Thursday afternoon|in two weeks]; shall I book it?
A technician can come [between 8 and 12|between 1 and 5] on [Tuesday|Thursday]; will someone be at
  home?
Please bring [your order number|a photo ID|the device and its charger] to the appointment.
""",
    glue=" ",
)
