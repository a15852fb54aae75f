"""All that operators may ask, in one place."""

from __future__ import annotations

from dispatcher.db.connections import Pool
from dispatcher.gateway.operation import Operation
from dispatcher.gateway.operator.deliveries import DeadLetterDesk, DeliveryDesk
from dispatcher.gateway.operator.events import EventDesk, RejectionDesk
from dispatcher.gateway.operator.overview import FiguresDesk, OverviewDesk


def operations(pool: Pool) -> list[Operation]:
    desks = (DeliveryDesk, EventDesk, RejectionDesk, DeadLetterDesk, OverviewDesk, FiguresDesk)
    return [operation for desk in desks for operation in desk(pool).operations]
