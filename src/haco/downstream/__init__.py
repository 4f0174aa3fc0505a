"""What contact is good for: grasps refined until what should touch touches."""
