<?php
/**
 * Creates the content and the users of a test site. Runs inside WordPress. Returns the users' ids.
 */

require_once ABSPATH . 'wp-admin/includes/post.php';
flush_rewrite_rules( false );

$news  = wp_insert_term( 'News', 'category' );
$tag   = wp_insert_term( 'green', 'post_tag' );
$genre = wp_insert_term( 'Poetry', 'genre' );
wp_insert_term( 'Sonnets', 'genre', array( 'parent' => $genre['term_id'] ) );

$posts = array( 'publish', 'publish', 'publish', 'publish', 'draft', 'draft', 'private', 'pending', 'trash', 'auto-draft' );
foreach ( $posts as $number => $status ) {
	wp_insert_post(
		array(
			'post_title'    => "Post $number & <em>more</em>",
			'post_content'  => "<!-- wp:paragraph -->\n<p>Text $number – ünïcode 🌉</p>\n<!-- /wp:paragraph -->",
			'post_status'   => $status,
			'post_author'   => 1,
			'post_category' => array( $news['term_id'] ),
			'tags_input'    => array( 'green' ),
		)
	);
}
foreach ( array( 'publish', 'publish', 'draft' ) as $number => $status ) {
	wp_insert_post(
		array(
			'post_type'   => 'page',
			'post_title'  => "Page $number",
			'post_status' => $status,
			'post_author' => 1,
		)
	);
}
foreach ( array( 'publish', 'publish', 'private', 'trash' ) as $number => $status ) {
	$book = wp_insert_post(
		array(
			'post_type'   => 'book',
			'post_title'  => "Book $number",
			'post_status' => $status,
			'post_author' => 1,
		)
	);
	wp_set_object_terms( $book, array( $genre['term_id'] ), 'genre' );
}
wp_insert_attachment(
	array(
		'post_title'     => 'A picture',
		'post_mime_type' => 'image/png',
	),
	'a.png'
);

$users = array();
foreach ( array( 'editor', 'author', 'subscriber' ) as $role ) {
	$users[ $role ] = wp_insert_user(
		array(
			'user_login' => $role,
			'user_pass'  => 'pass-' . $role,
			'user_email' => $role . '@example.com',
			'role'       => $role,
		)
	);
}

return $users;
