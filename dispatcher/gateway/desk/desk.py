"""All that operators may ask, in one place."""

from __future__ import annotations

from dispatcher.database import Pool
from dispatcher.gateway.desk.dead_letters import DeadLetterDesk
from dispatcher.gateway.desk.deliveries import DeliveryDesk
from dispatcher.gateway.desk.events import EventDesk
from dispatcher.gateway.desk.figures import FiguresDesk
from dispatcher.gateway.desk.overview import OverviewDesk
from dispatcher.gateway.desk.rejections import RejectionDesk
from dispatcher.gateway.operation import Operation


def operations(pool: Pool) -> list[Operation]:
    desks = (DeliveryDesk, EventDesk, RejectionDesk, DeadLetterDesk, OverviewDesk, FiguresDesk)
    return [operation for desk in desks for operation in desk(pool).operations]
