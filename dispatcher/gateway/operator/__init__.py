"""The operations for operators."""

from __future__ import annotations

from dispatcher.db.connections import Pool
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.operator.dead_letters import DeadLettersApi
from dispatcher.gateway.operator.deliveries import DeliveriesApi, RecipientsApi
from dispatcher.gateway.operator.events import EventsApi, RejectionsApi
from dispatcher.gateway.operator.overview import FiguresApi, OperatorOverviewApi


def operations(pool: Pool) -> list[Operation]:
    apis = (
        DeliveriesApi,
        RecipientsApi,
        EventsApi,
        RejectionsApi,
        DeadLettersApi,
        OperatorOverviewApi,
        FiguresApi,
    )
    return [operation for api in apis for operation in api(pool).operations]
