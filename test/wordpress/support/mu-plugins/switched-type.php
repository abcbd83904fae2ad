<?php
/**
 * A plugin with a content type and a taxonomy of its own, which is active while an option is set.
 */

add_action(
	'init',
	static function () {
		if ( ! get_option( 'switched_type' ) ) {
			return;
		}
		register_post_type(
			'ticket',
			array(
				'label'        => 'Tickets',
				'public'       => true,
				'show_in_rest' => true,
				'rest_base'    => 'tickets',
				'supports'     => array( 'title', 'editor', 'excerpt', 'author' ),
			)
		);
		register_taxonomy(
			'queue',
			array( 'ticket' ),
			array(
				'label'        => 'Queues',
				'public'       => true,
				'show_in_rest' => true,
			)
		);
	}
);
