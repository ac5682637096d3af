"""Orders, delivery, returns, refunds, billing and subscriptions."""

from __future__ import annotations

from ..grammar import rules

PATTERNS = rules(
    """
# orders and delivery: customers
Where is my order? It was supposed to arrive [on Monday|yesterday|two days ago|last week].
My order still says [processing|shipped|out for delivery] [after five days|since Tuesday|and nothing
  has moved].
Can I [change the address on|cancel|add an item to] [my order before it ships|the order I placed
  this morning|an order that is still being packed]?
Can you combine [my two orders|both parcels|today's order with yesterday's] into one delivery?
I received [the wrong size|the wrong colour|only half of my order|someone else's parcel|a damaged
  box], what should I do?
The tracking page [has not updated since Friday|says delivered, but nothing is here|shows an address
  I do not know].
How long does [standard|express|international|weekend] delivery usually take?
Do you deliver to [a parcel locker|a work address|the islands|a post office box]?
The courier left my parcel [with a neighbour|in the rain|at the wrong door|behind the bins].
One [mug|cable|shirt|book] was missing from the parcel I got today.
# orders and delivery: agents
I have checked your order and it [left our warehouse this morning|is waiting for one last item|is
  with the local courier now].
Please allow [one more working day|up to three working days|until Friday evening] for the parcel to
  arrive.
I am sorry about the [mix-up|damaged parcel|faulty item]; [a replacement is on its way|I have
  arranged a new delivery].
I am sorry that your parcel is late; [I have opened a claim with the courier|the depot is looking
  for it|you should have it by Friday].
Your order can still be [changed|cancelled] until it [is packed|gets a tracking number].
Could you send us a photo of [the label|the damage|the item you received]?
You will get a tracking link by email as soon as [the parcel is scanned|your order ships|the courier
  picks it up].
# returns and refunds: customers
How do I return [an item|a gift|a sale item|just one item from my order]?
When will I get my refund for [the returned shoes|a cancelled order|the item that never arrived]?
My refund was [less than I paid|sent to an old card|promised last week and is still not here].
Can I exchange [this jacket for a larger size|a gift without the receipt|an item I bought in a
  shop]?
Is return shipping free if [the item is faulty|I just changed my mind|I live abroad]?
# returns and refunds: agents
You can return unworn items within [14|28|30] days for a full refund.
Your refund of [$18.50|$42.00|$79.99] was sent to your original payment method today.
Refunds usually take [three to five|five to ten] working days to show on your statement.
I have emailed you a return label; please [keep the receipt from the drop-off point|put the slip
  inside the box|use the original packaging if you can].
Please send the item back within [ten|fourteen] days of [today|receiving the label].
The item must be [unused|complete|in its original box] for [a refund|an exchange].
I have checked with the warehouse: [your return arrived this morning|the refund will go out
  today|one part was missing from the box].
# billing: customers
Why was I charged [twice this month|after I cancelled|more than last month|in another currency]?
I do not recognise a charge of [$9.99|$24.00|$59.90] on my card.
Can I get an invoice [with our company name|for last year|in PDF|with the VAT number on it]?
My card was declined, but [there is enough money on it|the bank says everything is fine|it works in
  other shops].
How do I [update my card|change the billing date|pay by bank transfer|remove a saved card]?
My [discount code|gift card|voucher] does not work [at checkout|on sale items|in the app].
# billing: agents
The second charge is [only a hold and will drop off in a few days|a pre-authorisation|for the
  renewal on the 1st].
I have [refunded the extra charge|corrected the invoice|applied the discount to your account]; [you
  should see it shortly|sorry for the trouble].
For your security, please never send [card numbers|your full card details|a photo of your card] by
  email or chat.
Please ask your bank whether [online payments are allowed|a daily limit is set|the payment was
  blocked].
# subscriptions
How do I [cancel|pause|upgrade|downgrade] my subscription?
Will I lose my [files|playlists|history|discount] if I [cancel|downgrade|switch to the yearly plan]?
I was moved to the [yearly|premium|family] plan without asking for it.
My free trial ended [today|early|yesterday], and I still want to [test one feature|keep the free
  plan|export my data].
You can cancel any time under Account > Plan, and [you keep access until the end of the period|no
  further payment will be taken].
Your plan renews on the [1st|8th|15th|22nd]; you can [switch|cancel|change it] up to the day before.
Can I share the family plan with [someone abroad|my parents|a flatmate]?
Can we add [two more colleagues|a contractor|a read-only user] to the team plan?
How do I see [when my plan renews|what I paid last year|which devices use my licence]?
Your [trial|discount|old price] ends on [Sunday|the 30th|June 1]; we will remind you by email.
""",
    glue=" ",
)
