<?php
/**
 * A post type and a taxonomy with their own REST namespace, and a status that is excluded from searches.
 */

add_action(
	'init',
	static function () {
		register_post_type(
			'film',
			array(
				'label'          => 'Films',
				'public'         => true,
				'show_in_rest'   => true,
				'rest_base'      => 'films',
				'rest_namespace' => 'cinema/v1',
				'supports'       => array( 'title', 'editor', 'excerpt', 'author' ),
			)
		);
		register_taxonomy(
			'mood',
			array( 'film' ),
			array(
				'label'          => 'Moods',
				'public'         => true,
				'show_in_rest'   => true,
				'rest_base'      => 'moods',
				'rest_namespace' => 'cinema/v1',
			)
		);
		register_post_status(
			'shelved',
			array(
				'label'               => 'Shelved',
				'protected'           => true,
				'exclude_from_search' => true,
			)
		);
	}
);
