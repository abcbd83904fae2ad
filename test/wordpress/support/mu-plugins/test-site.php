<?php
/**
 * The base of every test site: a post type with a taxonomy, a type that is not in REST, and no mail.
 */

add_action(
	'init',
	static function () {
		register_post_type(
			'book',
			array(
				'label'        => 'Books',
				'public'       => true,
				'hierarchical' => true,
				'show_in_rest' => true,
				'rest_base'    => 'books',
				'supports'     => array( 'title', 'editor', 'excerpt', 'custom-fields' ),
			)
		);
		register_taxonomy(
			'genre',
			array( 'book' ),
			array(
				'label'        => 'Genres',
				'public'       => true,
				'hierarchical' => true,
				'show_in_rest' => true,
				'rest_base'    => 'genres',
			)
		);
		register_post_type(
			'secret_note',
			array(
				'label'  => 'Secret notes',
				'public' => true,
			)
		);
	}
);
add_filter( 'pre_wp_mail', '__return_true' );
