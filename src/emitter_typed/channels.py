"""The bases of typed channels. Users' packages import this module and `emitter_typed.contract`, and nothing else.

Whatever can be done with a typed channel stands here once, with every option, for any payload and any parameters.
"""

from emitter_typed._generated.channels import (
    AsyncPublishChannel,
    AsyncSubscribeChannel,
    PublishChannel,
    SubscribeChannel,
)

__all__ = ["AsyncPublishChannel", "AsyncSubscribeChannel", "PublishChannel", "SubscribeChannel"]
