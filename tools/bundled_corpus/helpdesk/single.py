"""Help-desk lines written one by one."""

from __future__ import annotations

from ..grammar import rules

LINES = rules(
    """
Hi, I need help with an order I placed last night.
Good morning, how can I help you today?
Thanks for getting in touch, I am happy to look into this.
I have been on hold for twenty minutes.
Could you spell your last name for me, please?
Sure, the order number starts with a K and has eight digits.
Let me pull up your account, one moment please.
I see the problem now, thank you for your patience.
That fixed it, thank you so much!
It still does not work, sorry.
No worries, let us try something else.
Is there anything else I can help you with?
No, that was all, have a nice day.
You are welcome, and thanks for waiting.
I will pass this on to our technical team and get back to you by email.
Please do not close this chat while I check.
Are you still there?
This ticket will close automatically if we do not hear from you within seven days.
I have reopened your ticket, so you do not need to explain it again.
Can I speak to a real person, please?
Your chatbot keeps sending me the same article.
I already tried turning it off and on again.
Does it happen in a private window as well?
It worked fine until the update last night.
It only happens when I am on mobile data.
Nothing happens when I press the button.
I think I bought the wrong plan by mistake.
I only wanted one, but the basket shows two.
Could you leave the parcel with reception?
Please ring the bell twice, the intercom is broken.
The doorbell does not work, so please call out.
The driver wrote that nobody was home, but I was here all day.
The box was open and taped up again.
The colour in the photo looks nothing like the real one.
The instructions are missing from the box.
One of the four screws does not fit.
It smells strongly of plastic, is that normal?
I would like to keep it if you can offer a partial refund.
How do I get a price adjustment if it went on sale the next day?
The item says in stock, but checkout says it is sold out.
When will the blue one be back in stock?
Please email me when it is available again.
I entered the wrong house number, it should be 14 and not 41.
Can you gift wrap it and leave out the price?
Is it possible to collect the order in the shop today?
The shop told me to contact you online instead.
The pickup code you sent me is not accepted.
Do I need to print the label, or can I show the code on my phone?
I dropped the return off nine days ago and have heard nothing.
The locker was full, so the courier took the parcel back.
Customs is asking me to pay a fee I did not expect.
Duties are calculated at checkout, so there should be nothing left to pay.
Your parcel was returned to us because the address was incomplete.
We can send it again as soon as you confirm the address.
I have asked the courier to try again tomorrow before noon.
If it is not there by Thursday, reply to this message and we will reship it.
You do not need to send the damaged one back.
Please recycle or donate it if you can.
I have added a small credit to your account for the inconvenience.
The credit is used automatically with your next order.
Gift cards cannot be exchanged for cash, I am afraid.
The code is case sensitive, and the last character is a zero.
Only one code can be used for each order.
The offer ended at midnight, but I can still apply it for you.
Why does the invoice show the old address?
I need the receipt for my expenses by tomorrow.
Can you split the invoice between two departments?
Our accounting team asks for a purchase order number on it.
Is the price with or without tax?
The amount on the receipt does not match my bank statement.
The payment went through twice because I pressed the button again.
I paid by bank transfer on Monday, has it arrived?
We have not received the payment yet; transfers can take up to two days.
Please use the order number as the payment reference.
My subscription renewed even though I turned it off.
I cancelled in May and you charged me again in June.
I found the charge and refunded it in full.
Can I get the student discount if I study part time?
What happens to my team when the owner leaves the company?
How many people can use one licence?
We need five more seats from next month.
I would like to go back to the free plan.
What is the difference between the basic and the plus plan?
The yearly plan works out at two months free.
You will keep your files, but you cannot add new ones over the limit.
My account shows somebody else's name.
I have two accounts and want to merge them.
I signed up with the wrong email address.
The confirmation link opens a blank page.
The page says my email is not in your system.
I get a code by text message, but I no longer have that number.
I lost the phone with my authenticator app on it.
Do you have a backup code from when you set it up?
Without a backup code, we need to check your identity by other means.
It can take up to 48 hours until the team has reviewed your request.
I got an email that says it is from you, is it genuine?
Please forward it to us and do not click on any link.
That message was not from us, thank you for reporting it.
Please change your password and sign out of all devices.
I signed out of all devices, but one is still listed.
My child bought something in the game without asking me.
How do I set up parental controls?
How do I turn off marketing emails but keep order updates?
I unsubscribed twice, and the newsletter still comes.
Please send me a copy of all data you hold about me.
Your data export is ready, and the link works for seven days.
The app asks for my location all the time, why?
You can switch that off under Settings > Privacy.
The text in the app is too small to read.
The keyboard covers the send button on my phone.
I deleted a note by accident, can it be restored?
Deleted items stay in the bin for thirty days.
Search does not find anything since yesterday.
The video stops after a few seconds and never loads.
Sound works in other apps, just not in yours.
The map shows me two streets away from where I am.
Uploads stop at 99 percent.
The file is only 3 MB, but the page says it is too large.
The PDF opens, but every page is white.
My calendar shows every meeting one hour early.
It looks like your time zone is set to another region.
The scanner reads the code, but nothing is added to the list.
The spreadsheet loses its formatting after I import it.
Please use the template, since the column names must match.
We are aware of the problem and working on it right now.
The service is back up, so please sign in again.
Sorry, planned maintenance ran longer than expected.
Could you tell me which browser you are using?
Please clear your cookies for our site and try once more.
An ad blocker may hide the button, could you pause it for a moment?
My laptop gets very hot and the fan is loud.
The battery lasts barely two hours now.
The charging light blinks orange, what does that mean?
The tablet asks for a PIN I never set.
My new phone did not copy the messages.
The second monitor is not detected by the dock.
The microphone works in a test, but nobody hears me in meetings.
Check that the right microphone is selected in the meeting settings.
My keyboard types the wrong letters after I spilled tea on it.
Liquid damage is not covered, but we can look at it.
The projector in room 204 shows a pink picture.
The badge reader at the north entrance rejects my card.
I need access to the finance folder, and my manager has agreed.
Please ask your manager to approve the request in the portal.
My mailbox is full and I cannot send anything.
Can you restore a file that I overwrote on Friday?
We keep daily backups for two weeks, so that should be possible.
A colleague leaves on Friday, please close her accounts.
New starter on Monday: laptop, phone and badge, please.
Please install the statistics package on my computer.
I do not have the rights to install this update.
Your computer restarts tonight, so please save your work.
The VPN disconnects as soon as I join a call.
Try the other gateway, it is less busy in the morning.
The meeting room screen does not find my laptop.
My router has a red light, and the phone line is dead too.
An engineer needs to come, since the fault is outside your home.
Somebody needs to be at home to let the engineer in.
The engineer did not show up, and nobody called.
I am very sorry about that; I have moved you to the first slot tomorrow.
Is there a fee for the visit if the cable is the problem?
The cable to the building is our responsibility, so it is free.
I moved house and want to take my contract with me.
The new address can get the same speed or better.
How do I change the name of my wireless network?
The app shows the camera as offline, but the light is on.
The thermostat turned the heating off in the night.
The robot vacuum keeps getting stuck under the sofa.
Where can I find the manual for an older model?
Spare parts for that model are sold until next year.
How long is the warranty, and does it cover the battery?
You need the receipt and the serial number for a repair.
The repair takes about ten working days.
I sent my watch for repair three weeks ago, any news?
The part is on back order, and we expect it on the 14th.
I would rather have a refund than wait for a repair.
I understand, let me see what I can do for you.
I have to check that with my supervisor.
I am afraid I cannot do that, but here is what I can offer.
That is not the answer I hoped for, but thank you.
How do I make a complaint?
Your complaint has been logged, and a manager will call you back.
Please call me after five, I am at work before that.
We tried to call you and left a message.
Could you answer by email rather than by phone?
English is not my first language, so please write slowly.
Of course, take all the time you need.
I would like to book a call with someone from sales.
I need to move my appointment because I am ill.
I got a reminder for an appointment that I did not make.
The booking page shows no times at all for next week.
Is parking available, and is the entrance step free?
You can check in at the desk ten minutes before your time.
I missed my appointment, do I have to pay for it?
You can cancel free of charge up to 24 hours before.
May I bring someone along to interpret for me?
Please wait for the text message before you come in.
The waiting list is about three weeks at the moment.
I have put you on the list for cancellations.
I could come at short notice any day but Wednesday.
The confirmation went to my spam folder.
I would like to track two parcels with one link.
Why do I have to log in again every single morning?
The confirmation email shows the wrong delivery date.
Please do not send it by the same courier again.
I think someone else picked up my parcel.
The photo on the delivery note is not my door.
The gift arrived late, but your card was a nice touch.
Is there a size chart for children's shoes?
Can I pay in three instalments?
I was told I would get a call back within the hour.
The second one you sent is broken in the same place.
I found a cheaper price elsewhere, will you match it?
My ticket was closed, although nothing was solved.
I can see your message, but the attachment will not open.
Please remove my old address, you keep shipping to it.
How do I report a review that is not true?
The colours on the new screen look washed out.
The update has been stuck at 32 percent for an hour.
Please leave the computer on overnight so that it can finish.
The fan noise stopped after I cleaned the vents.
I cannot hear anything on the left side of my headset.
The touchpad works, but the mouse does not.
Could you talk me through it step by step?
I am not very good with computers, sorry.
You are doing fine, we are almost there.
Let me know what you see on the screen now.
It says that the certificate has expired.
Please check that the date on your phone is right.
We have three branches, and all of them are offline.
I have marked this as urgent and informed the network team.
Great service, the new one came the next day.
Thank you, I will leave a good review.
Please rate this chat so that we can improve.
""",
    glue=" ",
)
