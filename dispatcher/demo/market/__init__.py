"""The sample application: a small marketplace, as yours might be.

It has tables of its own, a login of its own (`postbell_producer`), and tells people of things in
the two ways there are: by triggers on its tables (loyalty, tickets), and from the code that
changes them (orders, payments, classes). Either way the event is a row of the same transaction.
"""
